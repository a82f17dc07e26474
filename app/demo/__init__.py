"""The demo data: two years on a small platform that never was, the same in every load."""

from app.demo.credentials import demo_loaded
from app.demo.load import load_demo

__all__ = ["demo_loaded", "load_demo"]
