"""Hints through Redis or Valkey: "there may be something to do". What there is to do stands in Postgres."""
