#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| harness::run("http1", data));
