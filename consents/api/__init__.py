"""The services' door, `/api/v1/`: who calls, what is read from the call, which verb answers (docs/api.md)."""
