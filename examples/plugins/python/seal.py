"""Answers that only one run can read."""

import base64
import json

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

INFO = b"holdfast.dev sealed answer 1"
KEY_BYTES = 32
VECTOR_BYTES = 12


def seal(value: object, reply_key: str) -> str:
    """Encrypts a value for the run, and for nobody else.

    What activities answer stays in Temporal's history, which must not hold the content of objects. X25519 with a key
    pair of this answer alone, HKDF-SHA256, AES-256-GCM.
    """
    reader_der = base64.b64decode(reply_key)
    reader = load_der_public_key(reader_der)
    if not isinstance(reader, X25519PublicKey):
        raise ValueError("the replyKey is no X25519 key")
    own = X25519PrivateKey.generate()
    own_der = own.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    derived = HKDF(SHA256(), KEY_BYTES + VECTOR_BYTES, own_der + reader_der, INFO).derive(own.exchange(reader))
    # AESGCM puts the tag behind the cipher text, as it has to be here.
    cipher_text = AESGCM(derived[:KEY_BYTES]).encrypt(derived[KEY_BYTES:], json.dumps(value).encode(), None)
    return base64.b64encode(own_der + cipher_text).decode()
