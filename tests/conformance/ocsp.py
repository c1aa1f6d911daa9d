# SPDX-License-Identifier: MIT
"""OCSP responses (RFC 6960), an HTTP server that gives them, and one that says nothing."""
import datetime
import http.server
import socket
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

GOOD, REVOKED = ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED


def response(ca, der, status=GOOD, signer=None):
    """What the CA says about the certificate, in DER. signer: another CA, which says it in its place."""
    signer = signer or ca
    now = datetime.datetime.utcnow()
    revoked = status == REVOKED
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=x509.load_der_x509_certificate(der), issuer=ca.cert, algorithm=hashes.SHA1(), cert_status=status,
        this_update=now - datetime.timedelta(minutes=1), next_update=now + datetime.timedelta(hours=1),
        revocation_time=now - datetime.timedelta(days=1) if revoked else None,
        revocation_reason=x509.ReasonFlags.key_compromise if revoked else None)
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, signer.cert)
    return builder.sign(signer.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


class Server:
    """Answers each request about any certificate with the same response."""

    def __init__(self):
        self.body, self.asked = b'', 0

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(handler):  # pylint: disable=no-self-argument,invalid-name
                self.asked += 1
                handler.rfile.read(int(handler.headers['Content-Length']))
                handler.send_response(200)
                handler.send_header('Content-Length', str(len(self.body)))
                handler.end_headers()
                handler.wfile.write(self.body)

            def log_message(handler, *_):  # pylint: disable=no-self-argument,arguments-differ
                pass
        self.http = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.url = f'http://127.0.0.1:{self.http.server_port}/ocsp'
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.http.server_close()


class Silent:
    """Takes connections, and says nothing."""

    def __init__(self):
        self.socket = socket.create_server(('127.0.0.1', 0))
        self.url = f'http://127.0.0.1:{self.socket.getsockname()[1]}/ocsp'

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
