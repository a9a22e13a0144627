//! Look into TLS: recognise it, and read what its hello says in clear.
