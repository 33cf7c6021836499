/* SPDX-License-Identifier: Apache-2.0
 * status.c: see status.h. */
#include "attest/status.h"

static const struct {
    const char *word;
    const char *meaning;
} g_words[TCB_STATUS_COUNT] = {
    [TCB_NONE] = {"", "The state of the platform is not known."},
    [TCB_UP_TO_DATE] = {"UpToDate", "The platform has every security update that Intel asks for."},
    [TCB_SW_HARDENING_NEEDED] =
        {"SWHardeningNeeded",
         "The platform is patched; the program in the enclave must itself guard against the listed "
         "advisories."},
    [TCB_CONFIGURATION_NEEDED] =
        {"ConfigurationNeeded",
         "The platform is patched, but a setting of the machine (often hyper-threading) weakens "
         "it."},
    [TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED] =
        {"ConfigurationAndSWHardeningNeeded",
         "The platform is patched; a setting of the machine (often hyper-threading) weakens it, "
         "and "
         "the program must guard itself against the listed advisories."},
    [TCB_OUT_OF_DATE] = {"OutOfDate",
                         "The platform lacks security updates: known attacks apply to it."},
    [TCB_OUT_OF_DATE_CONFIGURATION_NEEDED] =
        {"OutOfDateConfigurationNeeded",
         "The platform lacks security updates, and a setting of the machine weakens it further."},
    [TCB_REVOKED] = {"Revoked",
                     "Intel has withdrawn its trust: keys of such platforms are known to "
                     "have leaked."},
    [TCB_TD_RELAUNCH_ADVISED] =
        {"TDRelaunchAdvised",
         "The machine was updated while this TD ran; start the TD anew to profit from it."},
    [TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED] =
        {"TDRelaunchAdvisedConfigurationNeeded",
         "The machine was updated while this TD ran: start the TD anew; a setting of the machine "
         "weakens it as well."},
};

const char *tcb_status_word(enum tcb_status s)
{
    return g_words[s].word;
}

const char *tcb_status_meaning(enum tcb_status s)
{
    return g_words[s].meaning;
}

enum tcb_status tcb_status_from(struct span word)
{
    for (int s = TCB_UP_TO_DATE; s < TCB_STATUS_COUNT; s++)
        if (span_equal(word, span_text(g_words[s].word)))
            return (enum tcb_status)s;
    return TCB_NONE;
}

bool tcb_status_wants_configuration(enum tcb_status s)
{
    return s == TCB_CONFIGURATION_NEEDED || s == TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED ||
           s == TCB_OUT_OF_DATE_CONFIGURATION_NEEDED ||
           s == TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED;
}

bool tcb_status_is_level(enum tcb_status s)
{
    return s >= TCB_UP_TO_DATE && s <= TCB_REVOKED;
}

enum tcb_status tcb_status_converge(enum tcb_status platform, enum tcb_status part)
{
    if (platform == TCB_NONE || part == TCB_NONE)
        return TCB_NONE;
    if (platform == TCB_REVOKED || part == TCB_REVOKED)
        return TCB_REVOKED;
    if (part != TCB_OUT_OF_DATE)
        return platform;
    if (platform == TCB_UP_TO_DATE || platform == TCB_SW_HARDENING_NEEDED)
        return TCB_OUT_OF_DATE;
    if (platform == TCB_CONFIGURATION_NEEDED ||
        platform == TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED)
        return TCB_OUT_OF_DATE_CONFIGURATION_NEEDED;
    return platform;
}
