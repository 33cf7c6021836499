/* SPDX-License-Identifier: Apache-2.0
 * tcb_info.c: see tcb_info.h. */
#include "attest/tcb_info.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Version 2: sgxtcbcomp01svn to sgxtcbcomp16svn. */
static int parse_components_2(struct tcb_level *l, const struct js *tcb, struct err *e)
{
    for (unsigned i = 0; i < TCB_COMPONENTS; i++) {
        char key[24];
        snprintf(key, sizeof key, "sgxtcbcomp%02usvn", i + 1);
        uint32_t svn;
        int rc = js_need_uint(&svn, tcb, key, 255, e);
        if (rc)
            return rc;
        l->sgx[i] = (uint8_t)svn;
    }
    return 0;
}

static const char *text_or_nothing(const struct js *in, const char *key)
{
    const struct js *value = js_find(in, key);
    return value && value->kind == JS_STRING ? value->string : "";
}

/* Version 3: an array of { svn, category, type }. */
static int parse_components_3(uint8_t *svn, struct tcb_component_name *names, const struct js *tcb,
                              const char *key, struct err *e)
{
    const struct js *list;
    int rc = js_need(&list, tcb, key, JS_ARRAY, e);
    if (rc == 0 && list->count != TCB_COMPONENTS)
        rc = fail(e, -EBADMSG, "\"%s\": 16 components expected, %zu found", key, list->count);
    const struct js *item = rc ? NULL : list->child;
    for (size_t i = 0; rc == 0 && item; i++, item = item->next) {
        uint32_t value = 0;
        rc = js_need_uint(&value, item, "svn", 255, e);
        svn[i] = (uint8_t)value;
        names[i].category = text_or_nothing(item, "category");
        names[i].type = text_or_nothing(item, "type");
    }
    return rc;
}

static int parse_level(struct tcb_info *t, struct tcb_level *l, const struct js *in, struct err *e)
{
    const struct js *tcb;
    uint32_t pcesvn = 0;
    int rc = js_need(&tcb, in, "tcb", JS_OBJECT, e);
    if (rc == 0)
        rc = js_need_uint(&pcesvn, tcb, "pcesvn", 65535, e);
    l->pcesvn = (uint16_t)pcesvn;
    if (rc == 0)
        rc = t->version == 2 ? parse_components_2(l, tcb, e)
                             : parse_components_3(l->sgx, t->sgx_name, tcb, "sgxtcbcomponents", e);
    if (rc == 0 && t->is_tdx)
        rc = parse_components_3(l->tdx, t->tdx_name, tcb, "tdxtcbcomponents", e);
    if (rc == 0)
        rc = js_need_time(&l->date, in, "tcbDate", e);
    if (rc == 0)
        rc = tcb_status_parse(&l->status, in, false, e);
    if (rc == 0)
        rc = tcb_advisories_parse(&l->advisories, in, e);
    return rc;
}

/* Highest first: SGX components, then TDX components, then PCE, each from the front. */
static int by_height(const void *a, const void *b)
{
    const struct tcb_level *x = a;
    const struct tcb_level *y = b;
    int order = memcmp(y->sgx, x->sgx, sizeof x->sgx);
    if (order == 0)
        order = memcmp(y->tdx, x->tdx, sizeof x->tdx);
    return order ? order : (y->pcesvn > x->pcesvn) - (y->pcesvn < x->pcesvn);
}

static int parse_levels(struct tcb_info *t, const struct js *in, struct err *e)
{
    const struct js *list;
    int rc = js_need(&list, in, "tcbLevels", JS_ARRAY, e);
    if (rc)
        return rc;
    size_t count = list->count;
    if (count == 0 || count > TCB_MAX_LEVELS)
        return fail(e, -EBADMSG, "\"tcbLevels\": 1 to %d levels expected, %zu found",
                    TCB_MAX_LEVELS, count);
    t->level = calloc(count, sizeof *t->level);
    if (!t->level)
        return fail(e, -ENOMEM, "out of memory");
    for (const struct js *item = list->child; item; item = item->next) {
        rc = parse_level(t, &t->level[t->count++], item, e);
        if (rc)
            return fail_at(e, rc, "level %zu", t->count);
    }
    qsort(t->level, count, sizeof *t->level, by_height);
    return 0;
}

static int parse_module_fields(struct tdx_module *m, const struct js *in, struct err *e)
{
    int rc = js_need_hex(m->mrsigner, sizeof m->mrsigner, in, "mrsigner", e);
    if (rc == 0)
        rc = js_need_hex(m->attributes, sizeof m->attributes, in, "attributes", e);
    if (rc == 0)
        rc = js_need_hex(m->mask, sizeof m->mask, in, "attributesMask", e);
    return rc;
}

static int parse_identity(struct tdx_module *m, const struct js *in, struct err *e)
{
    const struct js *id;
    int rc = js_need(&id, in, "id", JS_STRING, e);
    if (rc == 0)
        rc = parse_module_fields(m, in, e);
    if (rc == 0)
        rc = tcb_part_levels_parse(&m->levels, in, e);
    if (rc)
        return fail_at(e, rc, "\"tdxModuleIdentities\"");
    m->id = id->string;
    return 0;
}

static int parse_modules(struct tcb_info *t, const struct js *in, struct err *e)
{
    const struct js *module;
    int rc = js_need(&module, in, "tdxModule", JS_OBJECT, e);
    if (rc == 0)
        rc = parse_module_fields(&t->module, module, e);
    if (rc)
        return fail_at(e, rc, "\"tdxModule\"");
    if (!js_find(in, "tdxModuleIdentities"))
        return 0;
    const struct js *list;
    rc = js_need(&list, in, "tdxModuleIdentities", JS_ARRAY, e);
    if (rc)
        return rc;
    size_t count = list->count;
    if (count > TCB_MAX_MODULES)
        return fail(e, -EBADMSG, "\"tdxModuleIdentities\": more than %d", TCB_MAX_MODULES);
    t->modules = calloc(count ? count : 1, sizeof *t->modules);
    if (!t->modules)
        return fail(e, -ENOMEM, "out of memory");
    for (const struct js *item = list->child; rc == 0 && item; item = item->next)
        rc = parse_identity(&t->modules[t->module_count++], item, e);
    return rc;
}

static int parse_kind(struct tcb_info *t, const struct js *in, struct err *e)
{
    int rc = js_need_uint(&t->version, in, "version", 0xffffffff, e);
    if (rc)
        return rc;
    if (t->version != 2 && t->version != 3)
        return fail(e, -EBADMSG, "version 2 or 3 expected, %u found", t->version);
    if (t->version == 2)
        return 0;
    const struct js *id;
    rc = js_need(&id, in, "id", JS_STRING, e);
    if (rc)
        return rc;
    t->is_tdx = strcmp(id->string, "TDX") == 0;
    if (!t->is_tdx && strcmp(id->string, "SGX") != 0)
        return fail(e, -EBADMSG, "\"id\": SGX or TDX expected, \"%.20s\" found", id->string);
    return 0;
}

static int parse_inner(struct tcb_info *t, const struct js *in, struct err *e)
{
    uint32_t type;
    int rc = parse_kind(t, in, e);
    if (rc == 0)
        rc = js_need_time(&t->issue_date, in, "issueDate", e);
    if (rc == 0)
        rc = js_need_time(&t->next_update, in, "nextUpdate", e);
    if (rc == 0)
        rc = js_need_hex(t->fmspc, sizeof t->fmspc, in, "fmspc", e);
    if (rc == 0)
        rc = js_need_hex(t->pceid, sizeof t->pceid, in, "pceId", e);
    if (rc == 0)
        rc = js_need_uint(&type, in, "tcbType", 0, e); /* how components compose; only 0 exists */
    if (rc == 0)
        rc = js_need_uint(&t->evaluation_number, in, "tcbEvaluationDataNumber", 0xffffffff, e);
    if (rc == 0)
        rc = parse_levels(t, in, e);
    if (rc == 0 && t->is_tdx)
        rc = parse_modules(t, in, e);
    return rc;
}

int tcb_info_parse(struct tcb_info *t, struct span in, struct err *e)
{
    *t = (struct tcb_info){0};
    int rc = signed_json_parse(&t->doc, in, "tcbInfo", e);
    if (rc)
        return rc;
    rc = parse_inner(t, t->doc.inner, e);
    if (rc == 0)
        return 0;
    tcb_info_fini(t);
    return fail_at(e, rc, "TCB info");
}

void tcb_info_fini(struct tcb_info *t)
{
    for (size_t i = 0; i < t->module_count; i++)
        free(t->modules[i].levels.level);
    free(t->modules);
    free(t->level);
    signed_json_fini(&t->doc);
    *t = (struct tcb_info){0};
}

const struct tdx_module *tcb_info_module(const struct tcb_info *t, uint8_t version)
{
    char id[8];
    snprintf(id, sizeof id, "TDX_%02X", version);
    for (size_t i = 0; i < t->module_count; i++)
        if (strcasecmp(t->modules[i].id, id) == 0)
            return &t->modules[i];
    return NULL;
}
