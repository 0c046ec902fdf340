"""The store: what the roles keep, and where they meet. SQLite in one file, or PostgreSQL by URL.

`database.Store` opens it, reads and writes; the modules beside it ask and answer in the words of their subject
(`reports.add(store, …)`), and SQL stays in them. Nothing here is imported by whoever needs no store.
"""
