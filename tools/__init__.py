"""What developers run beside the program; nothing here is installed with it."""
