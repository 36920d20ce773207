"""The parts that every page needs: who asks, guards, security, errors."""
