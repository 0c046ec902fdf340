"""How Alembic reaches our store: over the connection that `migrate` has opened, in its transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transaction_per_migration=False)
context.run_migrations()
