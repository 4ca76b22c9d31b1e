"""Kafka, Elasticsearch, Redis and PostgreSQL on this machine, without containers (docs/operations.md)."""
