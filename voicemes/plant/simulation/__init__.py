"""The living factory: scenarios that work through the plant's own commands, on a clock of their own."""
