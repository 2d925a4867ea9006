"""This user on this machine: paths, settings, keys, drafts. Never the workspace."""
