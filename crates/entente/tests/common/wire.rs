//! A tap on the wire: a plain TCP forward that keeps every byte of both directions.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What stands before a door and writes everything down. It ends with the test's process.
pub(crate) struct Tap {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Tap {
    /// A tap before the door at `target`.
    pub(crate) fn before(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let (address, heard) = (listener.local_addr().expect("bound"), Arc::default());
        let (target, kept) = (target.to_owned(), Arc::clone(&heard));
        std::thread::spawn(move || {
            for caller in listener.incoming().map_while(Result::ok) {
                // A door that is shut is shut for whoever comes through here.
                let Ok(door) = TcpStream::connect(&target) else { continue };
                let ends = (caller.try_clone().expect("a way"), door.try_clone().expect("a way"));
                copy(ends.0, ends.1, &kept);
                copy(door, caller, &kept);
            }
        });
        Self { address, heard }
    }

    /// Everything that went through.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.heard.lock().expect("not poisoned").clone()
    }
}

fn copy(mut from: TcpStream, mut to: TcpStream, heard: &Arc<Mutex<Vec<u8>>>) {
    let heard = Arc::clone(heard);
    std::thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(n @ 1..) = from.read(&mut buffer) {
            let part = buffer.get(..n).unwrap_or_default();
            heard.lock().expect("not poisoned").extend_from_slice(part);
            if to.write_all(part).is_err() {
                break;
            }
        }
        let _closed = to.shutdown(Shutdown::Write);
    });
}
