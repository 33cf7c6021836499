# SPDX-License-Identifier: Apache-2.0
"""A PCCS over the sets of the test data: the paths of API versions 3 and 4, and misbehaviour on demand."""

import http.server
import pathlib
import ssl
import threading
import time
import urllib.parse


class Pccs:
    """`folder` is a set; `faults` maps the end of a path (tcb, identity, pckcrl, rootcacrl) to a function that
    answers instead: it gets the handler and returns True when it did.  `tls` is (certificate, key), two paths."""

    def __init__(self, folder, tls=None):
        self.folder = pathlib.Path(folder)
        self.faults = {}
        self.asked = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.answer(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def send(self, handler, status, body=b"", headers=()):
        try:
            handler.send_response(status)
            for name, value in headers:
                handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)
        except OSError:
            handler.close_connection = True

    def chain(self, name):
        return urllib.parse.quote((self.folder / name).read_text())

    def answer(self, handler):
        self.asked.append(handler.path)
        parts = urllib.parse.urlsplit(handler.path)
        query = urllib.parse.parse_qs(parts.query)
        words = parts.path.strip("/").split("/")
        fault = self.faults.get(words[-1])
        if fault and fault(handler):
            return
        if len(words) < 4 or words[1] != "certification" or words[2] not in ("v3", "v4"):
            return self.send(handler, 404)
        v3 = words[2] == "v3"
        what = "/".join(words[3:])
        expected_tee = "tdx" if "tdx" in self.folder.name else "sgx"
        if what in ("tcb", "qe/identity") and words[0] != expected_tee:
            return self.send(handler, 404)
        if what == "tcb":
            fmspc = query["fmspc"][0]
            if fmspc.upper().encode() not in (self.folder / "tcb_info.json").read_bytes().upper():
                return self.send(handler, 404)
            header = "SGX-TCB-Info-Issuer-Chain" if v3 else "TCB-Info-Issuer-Chain"
            return self.send(handler, 200, (self.folder / "tcb_info.json").read_bytes(),
                             [(header, self.chain("tcb_info_issuer_chain.pem"))])
        if what == "qe/identity":
            return self.send(handler, 200, (self.folder / "qe_identity.json").read_bytes(),
                             [("SGX-Enclave-Identity-Issuer-Chain", self.chain("qe_identity_issuer_chain.pem"))])
        if what == "pckcrl":
            ca = "platform" if b"Platform" in (self.folder / "pck_crl.der").read_bytes() else "processor"
            if query["ca"] != [ca]:
                return self.send(handler, 404)
            return self.send(handler, 200, (self.folder / "pck_crl.der").read_bytes(),
                             [("SGX-PCK-CRL-Issuer-Chain", self.chain("pck_crl_issuer_chain.pem"))])
        if what == "rootcacrl":
            return self.send(handler, 200, (self.folder / "root_ca_crl.der").read_bytes().hex().encode())
        return self.send(handler, 404)

    # Misbehaviour.
    def status(self, code, headers=(), times=1 << 30):
        left = [times]

        def fault(handler):
            if left[0] == 0:
                return False
            left[0] -= 1
            self.send(handler, code, b"no", headers)
            return True
        return fault

    def hang(self, seconds):
        def fault(handler):
            time.sleep(seconds)
            handler.close_connection = True
            return True
        return fault

    def body(self, data, headers=()):
        def fault(handler):
            self.send(handler, 200, data, headers)
            return True
        return fault
