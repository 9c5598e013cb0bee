//! A library's configuration as the harness has it and as the loop by hand does.

use std::sync::Arc;

use shakedown::connection::{Config, Refusal, Stack};
use shakedown::scenario::StackId;
use shakedown::stacks::openssl::OpenSsl;
use shakedown::stacks::rustls::Rustls;

use crate::by_hand;
use crate::shape::Shape;

/// One of the libraries, as itself and not as a [`Stack`].
pub enum Library {
    /// rustls, with either provider.
    Rustls(Rustls),
    /// OpenSSL.
    OpenSsl(OpenSsl),
}

impl Library {
    /// The stack's name in scenarios.
    pub fn id(&self) -> StackId {
        match self {
            Self::Rustls(stack) => stack.info().id,
            Self::OpenSsl(stack) => stack.info().id,
        }
    }

    /// A client, for the engine and for the loop by hand.
    ///
    /// # Errors
    ///
    /// As [`Stack::client`].
    pub fn client(&self, shape: &Shape) -> Result<(Arc<dyn Config>, by_hand::Client), Refusal> {
        let profile = shape.client_profile();
        Ok(match self {
            Self::Rustls(stack) => {
                let (config, name) = stack.client_config(&profile)?;
                let config = Arc::new(config);
                (
                    stack.adopt_client(config.clone(), name.clone()),
                    by_hand::Client::Rustls(config, name),
                )
            }
            Self::OpenSsl(stack) => {
                let (context, sni) = stack.client_context(&profile)?;
                (
                    stack.adopt_client(context.clone(), sni.clone()),
                    by_hand::Client::OpenSsl(context, sni),
                )
            }
        })
    }

    /// A server, likewise.
    ///
    /// # Errors
    ///
    /// As [`Stack::server`].
    pub fn server(&self, shape: &Shape) -> Result<(Arc<dyn Config>, by_hand::Server), Refusal> {
        let profile = shape.server_profile();
        Ok(match self {
            Self::Rustls(stack) => {
                let config = Arc::new(stack.server_config(&profile)?);
                (
                    stack.adopt_server(config.clone()),
                    by_hand::Server::Rustls(config),
                )
            }
            Self::OpenSsl(stack) => {
                let context = stack.server_context(&profile)?;
                (
                    stack.adopt_server(context.clone()),
                    by_hand::Server::OpenSsl(context),
                )
            }
        })
    }
}
