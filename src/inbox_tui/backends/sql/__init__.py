"""What stores on SQL databases share: statements, rows, and writes that apply the rules."""
