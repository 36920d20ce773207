"""What every page needs: who asks, guards, security, errors."""
