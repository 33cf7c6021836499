/* SPDX-License-Identifier: Apache-2.0
 * Any text as manifest and index: no crash, no leak. */
#include "oci/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oci_manifest m;
    struct oci_descriptor d;
    enum oci_document kind;
    ignore(oci_document_kind(span_of(data, size), "", &kind, NULL));
    ignore(oci_manifest_parse(&m, span_of(data, size), NULL));
    oci_manifest_fini(&m);
    ignore(oci_index_choose(&d, span_of(data, size), NULL));
    return 0;
}
