#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Links the vDSO and writes the assembly file that carries it: vdso_build.py IMAGE.so IMAGE.S COMPILER ARGUMENTS..."""
import pathlib
import subprocess
import sys

image, carrier, *command = sys.argv[1:]
subprocess.run([*command, "-o", image], check=True)
path = pathlib.Path(image).resolve()
pathlib.Path(carrier).write_text(f"""        .section .rodata
        .balign 4096
        .globl  g_vdso_image, g_vdso_image_end
g_vdso_image:
        .incbin "{path}"
g_vdso_image_end:
        .section .note.GNU-stack,"",@progbits
""")
