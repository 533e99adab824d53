"""What a checkpoint is and how it is verified: nothing here needs Django, a database or a secret.

An outside auditor runs this, through `privacy_portal.audit.verify_dump`, with Python and the package `cryptography`.
"""
