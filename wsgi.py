"""The portal for a WSGI server: ``gunicorn wsgi:app``."""

from app import create_app
from app.config import Config

app = create_app(Config.from_env())
