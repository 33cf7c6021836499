/* SPDX-License-Identifier: Apache-2.0
 * refusal.c: see refusal.h. */
#include "host/refusal.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "gate/entry.h"

int refusal_of_create(int rc, const struct host_platform *p, const struct sgx_secs *secs,
                      struct err *e)
{
    if (rc == -ENOMEM)
        return fail(e, rc, "host: %s has no EPC left, not even for one more enclave", p->name);
    if (rc == -ENOTTY)
        return fail(e, rc,
                    "host: the driver behind %s is older than Linux 5.11's and speaks another "
                    "interface; use the kernel's own",
                    p->name);
    return fail(e, rc < 0 ? rc : -EIO,
                "host: %s refused an enclave of %lu bytes with attributes 0x%lx, xfrm 0x%lx, "
                "miscselect 0x%x (%s); the CPU may lack one of these",
                p->name, secs->size, secs->attributes.flags, secs->attributes.xfrm,
                secs->miscselect, strerror(rc < 0 ? -rc : EIO));
}

int refusal_of_pages(int rc, const struct host_platform *p, uint64_t offset, struct err *e)
{
    if (rc == -ENOMEM)
        return fail(e, rc, "host: the EPC is full after 0x%lx bytes of the enclave: %s", offset,
                    p->emulated ? "give the emulator more with --epc, or the enclave less heap"
                                : "end other enclaves, or give this one less heap");
    return fail(e, rc, "host: adding the page at enclave offset 0x%lx: %s", offset, strerror(-rc));
}

int refusal_of_exception(const struct sgx_enclave_run *run, uint64_t reason, struct err *e)
{
    return fail(
        e, -EFAULT, "host: the enclave met exception %u and %s", run->exception_vector,
        reason == GATE_REFUSED_CSSA
            ? "another one while it was handling that"
            : "cannot handle it: either it is of no kind that the CPU reports to enclaves, or "
              "the enclave has no EXINFO (MISCSELECT)");
}

int refusal_of_entry(uint64_t reason, struct err *e)
{
    static const char *const texts[] = {
        [GATE_REFUSED_STATE] = "it is not waiting for this kind of entry",
        [GATE_REFUSED_BOOT] =
            "the arguments do not fit (too many, too long, or no memory for them)",
        [GATE_REFUSED_CSSA] = "it is handling an exception",
        [GATE_REFUSED_DEAD] = "its program has ended",
    };
    const char *text = reason < ARRAY_COUNT(texts) ? texts[reason] : NULL;
    return fail(e, -EBUSY, "host: the enclave refused to be entered: %s",
                text ? text : "for a reason that this program does not know");
}

int refusal_of_enclave(uint64_t reason, struct err *e)
{
    static const char *const texts[] = {
        [GATE_FATAL_LAYOUT] = "its image and its measured layout do not fit together",
        [GATE_FATAL_RANDOM] = "RDRAND gives no random numbers",
        [GATE_FATAL_STACK] =
            "an exception came when its stack was used up or RSP pointed elsewhere",
        [GATE_FATAL_ENTRY] = "an exception came in its entry code",
        [GATE_FATAL_HANDLER] = "it could not take an exception",
        [GATE_FATAL_CANARY] = "a stack frame was overwritten",
        [GATE_FATAL_HEAP] = "its heap was damaged, or something was freed twice",
        [GATE_FATAL_ASSERTION] = "something happened that cannot",
    };
    uint64_t number = reason & 0xff;
    uint64_t vector = reason >> 8 & 0xff;
    const char *text = number < ARRAY_COUNT(texts) ? texts[number] : NULL;
    bool has_vector = number >= GATE_FATAL_STACK && number <= GATE_FATAL_HANDLER;
    if (has_vector)
        return fail(e, -EFAULT, "host: the enclave gave up: %s (exception %lu)", text, vector);
    return fail(e, -EFAULT, "host: the enclave gave up: %s", text ? text : "unknown reason");
}

int refusal_of_eenter(const struct sgx_enclave_run *run, struct err *e)
{
    bool lost = run->exception_vector == SGX_VECTOR_PF;
    return fail(e, -EIO, "host: EENTER of the TCS at 0x%llx failed with exception %u: %s", run->tcs,
                run->exception_vector,
                lost ? "the enclave's memory is gone (suspend or virtual machine move?)"
                     : "the TCS is in use or its state does not allow it");
}
