//! What the project is about; nothing, here.
