/* SPDX-License-Identifier: Apache-2.0
 * tcb.c: see tcb.h. */
#include "attest/tcb.h"

#include <stdio.h>

static bool meets_sgx(const struct tcb_level *level, const struct pck *pck)
{
    for (size_t i = 0; i < TCB_COMPONENTS; i++)
        if (pck->components[i] < level->sgx[i])
            return false;
    return pck->pcesvn >= level->pcesvn;
}

/* The first two TDX components are the module's number and version; with a number above 0 the
 * module's own identity judges them. */
static size_t first_tdx_component(const struct quote_td *td)
{
    return td->tee_tcb_svn[1] > 0 ? 2 : 0;
}

bool tcb_meets(const struct tcb_level *level, const struct pck *pck, const struct quote_td *td)
{
    if (!meets_sgx(level, pck))
        return false;
    for (size_t i = td ? first_tdx_component(td) : TCB_COMPONENTS; i < TCB_COMPONENTS; i++)
        if (td->tee_tcb_svn[i] < level->tdx[i])
            return false;
    return true;
}

static void find_levels(struct tcb_judgement *j, const struct tcb_info *info, const struct pck *pck,
                        const struct quote_td *td)
{
    for (size_t i = 0; i < info->count && !j->level; i++) {
        const struct tcb_level *level = &info->level[i];
        if (!j->sgx_level && meets_sgx(level, pck))
            j->sgx_level = level;
        if (tcb_meets(level, pck, td)) {
            j->level = level;
            j->index = i;
        }
    }
}

/* The TD was started on an old module, and the module that runs now is the newest: the platform
 * needs nothing, the TD must be started anew.  [DCAP-QVL 4.1.2.4.17.4.3] */
static bool is_relaunch(const struct tcb_judgement *j, const struct tcb_info *info,
                        const struct quote_td *td)
{
    if (!td->is_15 || !j->module_level || j->module_level->status != TCB_OUT_OF_DATE)
        return false;
    if (j->qe_level && j->qe_level->status != TCB_UP_TO_DATE)
        return false;
    enum tcb_status sgx = j->sgx_level->status;
    if (sgx == TCB_OUT_OF_DATE || sgx == TCB_OUT_OF_DATE_CONFIGURATION_NEEDED || sgx == TCB_REVOKED)
        return false;
    const struct tcb_level *newest = &info->level[0];
    uint8_t number = td->tee_tcb_svn2[1];
    if (td->tee_tcb_svn2[2] < newest->tdx[2])
        return false;
    if (number == 0)
        return td->tee_tcb_svn2[0] >= newest->tdx[0];
    const struct tdx_module *running = tcb_info_module(info, number);
    return running && td->tee_tcb_svn2[0] >= running->levels.level[0].isvsvn;
}

static enum tcb_status converge_tdx(const struct tcb_judgement *j, const struct tcb_info *info,
                                    const struct quote_td *td)
{
    enum tcb_status s = j->level->status;
    if (j->module_needed)
        s = tcb_status_converge(s, j->module_level->status);
    bool is_old = s == TCB_OUT_OF_DATE || s == TCB_OUT_OF_DATE_CONFIGURATION_NEEDED;
    if (!is_old || !is_relaunch(j, info, td))
        return s;
    return tcb_status_wants_configuration(s) || tcb_status_wants_configuration(j->sgx_level->status)
               ? TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED
               : TCB_TD_RELAUNCH_ADVISED;
}

void tcb_judge(struct tcb_judgement *j, const struct tcb_info *info, const struct pck *pck,
               const struct quote_td *td, const struct identity *qe, uint32_t qe_isvsvn)
{
    *j = (struct tcb_judgement){.status = TCB_NONE};
    find_levels(j, info, pck, td);
    j->module_needed = td && td->tee_tcb_svn[1] > 0;
    if (j->module_needed) {
        j->module = tcb_info_module(info, td->tee_tcb_svn[1]);
        if (j->module)
            j->module_level = tcb_part_find(&j->module->levels, td->tee_tcb_svn[0]);
    }
    j->qe_level = qe ? tcb_part_find(&qe->levels, qe_isvsvn) : NULL;
    if (!j->level || !j->qe_level || (j->module_needed && !j->module_level))
        return;
    enum tcb_status s = td ? converge_tdx(j, info, td) : j->level->status;
    j->status = tcb_status_converge(s, j->qe_level->status);
}

static void add_short(struct tcb_short *s, enum tcb_short_kind kind, size_t i, unsigned have,
                      unsigned need, const struct tcb_component_name *name)
{
    *s = (struct tcb_short){.kind = kind, .index = (unsigned)i + 1, .have = have, .need = need};
    snprintf(s->category, sizeof s->category, "%s", name && name->category ? name->category : "");
    snprintf(s->type, sizeof s->type, "%s", name && name->type ? name->type : "");
}

size_t tcb_shortfall(struct tcb_short out[TCB_MAX_SHORT], const struct tcb_info *info,
                     const struct tcb_level *level, const struct pck *pck,
                     const struct quote_td *td)
{
    size_t count = 0;
    for (size_t i = 0; i < TCB_COMPONENTS; i++)
        if (pck->components[i] < level->sgx[i])
            add_short(&out[count++], TCB_SHORT_SGX, i, pck->components[i], level->sgx[i],
                      &info->sgx_name[i]);
    if (pck->pcesvn < level->pcesvn)
        add_short(&out[count++], TCB_SHORT_PCE, 0, pck->pcesvn, level->pcesvn, NULL);
    for (size_t i = td ? first_tdx_component(td) : TCB_COMPONENTS; i < TCB_COMPONENTS; i++)
        if (td->tee_tcb_svn[i] < level->tdx[i])
            add_short(&out[count++], TCB_SHORT_TDX, i, td->tee_tcb_svn[i], level->tdx[i],
                      &info->tdx_name[i]);
    return count;
}
