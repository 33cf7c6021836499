/* SPDX-License-Identifier: Apache-2.0
 * tcb_info.h: Intel's list of the patch levels of one kind of processor, versions 2 (PCS v3) and 3
 * (PCS v4).  [PCS-API tcb] */
#ifndef CELLA_ATTEST_TCB_INFO_H
#define CELLA_ATTEST_TCB_INFO_H

#include "attest/signed_json.h"
#include "attest/status.h"

enum { TCB_COMPONENTS = 16, TCB_MAX_LEVELS = 64, TCB_MAX_ADVISORIES = 64, TCB_MAX_MODULES = 32 };

/* Names like INTEL-SA-00615; they borrow from the document. */
struct tcb_advisories {
    size_t count;
    const char *id[TCB_MAX_ADVISORIES];
};

/* A level of a part that has one number: quoting enclave, TDX module. */
struct tcb_part_level {
    uint32_t isvsvn;
    enum tcb_status status; /* UpToDate, OutOfDate or Revoked */
    int64_t date;
    struct tcb_advisories advisories;
};

struct tcb_part_levels {
    size_t count;
    struct tcb_part_level *level; /* owned; highest isvsvn first */
};

struct tcb_level {
    uint8_t sgx[TCB_COMPONENTS];
    uint8_t tdx[TCB_COMPONENTS]; /* zero for SGX */
    uint16_t pcesvn;
    enum tcb_status status;
    int64_t date;
    struct tcb_advisories advisories;
};

/* What a component stands for, "BIOS" and "Early Microcode Update"; "" when not said. */
struct tcb_component_name {
    const char *category;
    const char *type;
};

struct tdx_module {
    const char *id; /* "TDX_01"; NULL for the module of TDX 1.0 */
    uint8_t mrsigner[48];
    uint8_t attributes[8];
    uint8_t mask[8];
    struct tcb_part_levels levels;
};

struct tcb_info {
    struct signed_json doc;
    uint32_t version; /* 2 or 3 */
    bool is_tdx;
    int64_t issue_date;
    int64_t next_update;
    uint8_t fmspc[6];
    uint8_t pceid[2];
    uint32_t evaluation_number;
    size_t count;
    struct tcb_level *level; /* owned; highest first */
    struct tcb_component_name sgx_name[TCB_COMPONENTS];
    struct tcb_component_name tdx_name[TCB_COMPONENTS];
    struct tdx_module module; /* of TDX 1.0; when is_tdx */
    size_t module_count;
    struct tdx_module *modules; /* owned */
};

/* Reads and sorts; nothing is verified.  -EBADMSG and a sentence, or -ENOMEM.  On failure there is
 * nothing to free.  The text is borrowed. */
int tcb_info_parse(struct tcb_info *t, struct span in, struct err *e) MUST_USE;
void tcb_info_fini(struct tcb_info *t);

/* The module identity "TDX_" + two hex digits of `version`; NULL without one. */
const struct tdx_module *tcb_info_module(const struct tcb_info *t, uint8_t version);

/* The first level with isvsvn at most `svn`; NULL when there is none. */
const struct tcb_part_level *tcb_part_find(const struct tcb_part_levels *l, uint32_t svn);

/* Parts of the reader that QE identities share. */
int tcb_part_levels_parse(struct tcb_part_levels *l, const struct js *in, struct err *e) MUST_USE;
int tcb_advisories_parse(struct tcb_advisories *a, const struct js *level, struct err *e) MUST_USE;
int tcb_status_parse(enum tcb_status *s, const struct js *level, bool part, struct err *e) MUST_USE;

#endif
