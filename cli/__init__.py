"""`kundeapp`: runs the suite locally, and does an operator's work over its gRPC API."""
