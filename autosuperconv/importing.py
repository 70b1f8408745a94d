"""What a user names as `package.module:attribute`, imported."""
