"""What happens next: pure functions over values. `step.step` is the door; `policy` is the only decision maker."""
