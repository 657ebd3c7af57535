"""A whole house on a real database, as the tests of delivery have it."""

from tests.delivery.conftest import house

__all__ = ["house"]
