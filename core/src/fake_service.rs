//! A service for tests: it answers what a test has said, and whatever else is asked of it fails the test.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use tunekey_services::{
    Attempt, ClientIdentities, Context, CookieMap, CookiePairs, Credential, Detection, Device, Grant, Http,
    HttpOptions, Inspection, Limits, Method, Proxy, Renewability, Renewal, RenewalWindow, Secret, Service,
    ServiceError, ServiceFacts, SystemClock,
};

/// The answers of a service, each as [`Service`] describes it. What a test says nothing of is not asked in it.
#[async_trait]
pub(crate) trait Answers: Debug + Send + Sync {
    fn facts(&self) -> &'static ServiceFacts;

    fn begin(&self, method: Method) -> Box<dyn Attempt> {
        panic!("nobody signs in here by {method}")
    }

    fn detect(&self, _: &CookieMap) -> Detection {
        panic!("nothing is pasted here")
    }

    async fn import(&self, _: &CookieMap) -> Result<Grant, ServiceError> {
        panic!("nothing is imported here")
    }

    async fn inspect(&self) -> Result<Inspection, ServiceError> {
        panic!("no credential is looked at here")
    }

    async fn renew(&self, _: &Credential) -> Result<Renewal, ServiceError> {
        panic!("nothing is renewed here")
    }

    fn renewability(&self) -> Renewability {
        panic!("nobody asks here whether a credential can be renewed")
    }

    fn renewal_window(&self, _: &Credential) -> Option<RenewalWindow> {
        None
    }

    fn cookie(&self) -> CookiePairs {
        Vec::new()
    }
}

/// The service that gives those answers.
#[derive(Debug)]
pub(crate) struct FakeService<A>(pub(crate) A);

#[async_trait]
impl<A: Answers> Service for FakeService<A> {
    fn facts(&self) -> &'static ServiceFacts {
        self.0.facts()
    }

    fn begin(&self, method: Method, _: Context) -> Result<Box<dyn Attempt>, ServiceError> {
        Ok(self.0.begin(method))
    }

    fn detect(&self, fields: &CookieMap) -> Detection {
        self.0.detect(fields)
    }

    async fn import(&self, _: &Context, fields: &CookieMap) -> Result<Grant, ServiceError> {
        self.0.import(fields).await
    }

    async fn inspect(&self, _: &Context, _: &Credential) -> Result<Inspection, ServiceError> {
        self.0.inspect().await
    }

    async fn renew(&self, _: &Context, credential: &Credential) -> Result<Renewal, ServiceError> {
        self.0.renew(credential).await
    }

    async fn sign_out(&self, _: &Context, _: &Credential) -> Result<(), ServiceError> {
        panic!("nobody is signed out here")
    }

    fn key_field(&self) -> &'static str {
        "musickey"
    }

    fn renewability(&self, _: &Credential) -> Renewability {
        self.0.renewability()
    }

    fn renewal_window(&self, credential: &Credential) -> Option<RenewalWindow> {
        self.0.renewal_window(credential)
    }

    fn cookie(&self, _: &Credential) -> CookiePairs {
        self.0.cookie()
    }
}

/// A context with which nothing is reached.
pub(crate) fn context() -> Context {
    let options = HttpOptions { proxy: Proxy::None, extra_ca: None, limits: Limits::default() };
    Context {
        http: Http::new(&options).expect("a client can be made"),
        clock: Arc::new(SystemClock),
        device: Device { id: Secret::new("00") },
        client_identities: ClientIdentities::default(),
    }
}
