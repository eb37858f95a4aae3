//! What a client sees of the HTTP of a host: refusals, problems, the order of the layers, sockets.
#![cfg(test)]

mod app;
mod bad_input;
mod guarded;
mod lines;
mod server;
mod stack;
