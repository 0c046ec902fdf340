"""What strictmx does for people who run mail: a module a role. Roles do not import each other."""
