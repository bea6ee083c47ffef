"""Stands in for Google's services: a proxy on loopback that answers for all of googleapis.com.

The clients are the real ones and ask the real addresses; the environment sends them here. Each service knows as much
as the tests ask of it.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.servers.web import Request, Response, WebServer, running_web_server

PROJECT = "shop"
_NOT_FOUND = Response({"error": {"code": 404, "message": "not found"}}, status=404)
_ROWS = {
    "jobComplete": True,
    "totalRows": "1",
    "schema": {"fields": [{"name": "name", "type": "STRING"}, {"name": "sold", "type": "INTEGER"}]},
    "rows": [{"f": [{"v": "mon"}, {"v": "3"}]}],
}


@dataclass
class Google:
    """What the services hold."""

    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    started: list[str] = field(default_factory=list)  #: instances
    server: WebServer | None = None

    def answer(self, request: Request) -> Response:
        """Answer for the host that is asked."""
        if not request.path.endswith("/token") and request.headers.get("authorization") != "Bearer t-1":
            return Response({"error": {"code": 401, "message": "who are you?"}}, status=401)
        parts = [unquote(part) for part in request.path.strip("/").split("/")]
        match request.headers["host"].partition(".")[0]:
            case "oauth2":
                return Response({"access_token": "t-1", "expires_in": 3600, "token_type": "Bearer"})
            case "storage":
                return self._storage(request, parts)
            case "bigquery":
                return self._bigquery(request, parts)
            case "compute":
                return self._compute(request, parts)
        return _NOT_FOUND

    def _storage(self, request: Request, parts: list[str]) -> Response:
        match request.method, parts:
            case "POST", ["upload", "storage", "v1", "b", bucket, "o"]:
                name, content = _read_upload(request)
                self.objects[bucket, name] = content
                return Response(self._describe(bucket, name))
            case "GET", ["storage", "v1", "b", bucket, "o"]:
                prefix = request.query.get("prefix", "")
                names = [name for where, name in self.objects if where == bucket and name.startswith(prefix)]
                return Response({"items": [self._describe(bucket, name) for name in names]})
            case method, [*_, "storage", "v1", "b", bucket, "o", name] if (bucket, name) in self.objects:
                if method == "DELETE":
                    del self.objects[bucket, name]
                    return Response(status=204)
                if request.query.get("alt") == "media":
                    return Response(self.objects[bucket, name])
                return Response(self._describe(bucket, name))
        return _NOT_FOUND

    def _describe(self, bucket: str, name: str) -> dict[str, str]:
        size = str(len(self.objects[bucket, name]))
        return {"bucket": bucket, "name": name, "size": size, "generation": "1"}

    def _bigquery(self, request: Request, parts: list[str]) -> Response:
        match request.method, parts[4:]:
            case "POST", ["jobs"]:
                reference = {"projectId": PROJECT, "location": "EU", **request.json.get("jobReference", {})}
                reference.setdefault("jobId", f"job-{len(self.jobs)}")
                job = {"jobReference": reference, "configuration": request.json["configuration"]}
                self.jobs[reference["jobId"]] = job
                return Response({**job, "status": {"state": "RUNNING"}})
            case "GET", ["jobs", job_id] if job_id in self.jobs:
                return Response({**self.jobs[job_id], "status": {"state": "DONE"}})
            case "GET", ["queries", job_id] if job_id in self.jobs:
                return Response({**_ROWS, "jobReference": self.jobs[job_id]["jobReference"]})
        return _NOT_FOUND

    def _compute(self, request: Request, parts: list[str]) -> Response:
        match request.method, parts[6:]:
            case "POST", ["instances", name, "start"]:
                self.started.append(name)
                return Response({"name": "operation-1", "status": "RUNNING"})
            case "GET", ["operations", "operation-1"]:
                return Response({"name": "operation-1", "status": "DONE"})
        return _NOT_FOUND


@contextmanager
def running_google(folder: Path, environment: pytest.MonkeyPatch) -> Iterator[tuple[Google, dict[str, str]]]:
    """Start the services, send this process's clients to them, and give them with a key file's content."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    certificate = folder / "google.pem"
    certificate.write_bytes(_certify(key))
    (folder / "google.key").write_bytes(pem)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, folder / "google.key")
    google = Google()
    with running_web_server(google.answer, tls) as google.server:
        for name in ("HTTPS_PROXY", "https_proxy"):
            environment.setenv(name, google.server.url)
        environment.setenv("no_proxy", "127.0.0.1")
        environment.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        environment.setattr("httplib2.CA_CERTS", str(certificate))  # it reads its variable only when imported
        yield (
            google,
            {
                "type": "service_account",
                "project_id": PROJECT,
                "private_key_id": "1",
                "private_key": pem.decode(),
                "client_email": f"etl@{PROJECT}.iam.gserviceaccount.com",
                "client_id": "1",
                "token_uri": "https://oauth2.googleapis.com/token",
            },
        )


def _certify(key: rsa.RSAPrivateKey) -> bytes:
    """Return a certificate for all of googleapis.com that vouches for itself."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "googleapis.com")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    names = x509.SubjectAlternativeName([x509.DNSName("*.googleapis.com")])
    builder = builder.add_extension(names, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _read_upload(request: Request) -> tuple[str, bytes]:
    """Return name and content of an object that is uploaded in one request."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    about, content = message_from_bytes(head + request.body).get_payload()  # type: ignore[misc]
    name: str = json.loads(about.get_payload(decode=True))["name"]  # type: ignore[union-attr]
    return name, content.get_payload(decode=True)  # type: ignore[union-attr,return-value]
