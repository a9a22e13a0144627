//! What whoever runs the sensor chose about decoding.

/// How packets are decoded. The default is what needs no knowledge of the network.
#[derive(Clone, Debug, Default)]
pub struct DecodeOptions {
    /// Packets whose checksum is wrong are not delivered. Off by default: where the sending host itself captures, its
    /// card fills the checksums in later.
    pub verify_checksums: bool,
}
