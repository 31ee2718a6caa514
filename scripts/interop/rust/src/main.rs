//! Reads targets with tough's own client.
//! Run with: interop METADATA_URL TARGETS_URL ROOT_FILE STATE_FOLDER PATH...

use std::{env, error::Error, fs, path::PathBuf, process::ExitCode};

use async_trait::async_trait;
use futures::TryStreamExt;
use sha2::{Digest, Sha256};
use tough::{DefaultTransport, RepositoryLoader, TargetName, Transport, TransportError, TransportStream};
use url::Url;

/// tough asks for `HASH.firmware/…/image.ota`, where TUF puts the hash before the last part of the path (5.7.3). What
/// brings the octets is not trusted, so it may as well ask for the right ones.
#[derive(Debug, Clone, Default)]
struct HashBeforeTheName(DefaultTransport);

#[async_trait]
impl Transport for HashBeforeTheName {
    async fn fetch(&self, mut url: Url) -> Result<TransportStream, TransportError> {
        if let Some((base, path)) = url.path().split_once("/targets/")
            && let Some((hash, name)) = path.split_once('.')
            && let Some((folder, file)) = name.rsplit_once('/')
        {
            let right = format!("{base}/targets/{folder}/{hash}.{file}");
            url.set_path(&right);
        }
        self.0.fetch(url).await
    }
}

async fn read(args: &[String]) -> Result<(), Box<dyn Error>> {
    let [metadata, targets, root_file, state, paths @ ..] = args else {
        return Err("expected METADATA_URL TARGETS_URL ROOT_FILE STATE_FOLDER PATH...".into());
    };
    let root = fs::read(root_file)?;
    fs::create_dir_all(state)?;
    let (metadata, targets) = (Url::parse(&format!("{metadata}/"))?, Url::parse(&format!("{targets}/"))?);
    let repository = RepositoryLoader::new(&root, metadata, targets)
        .transport(HashBeforeTheName::default())
        .datastore(PathBuf::from(state))
        .load()
        .await?;
    for path in paths {
        let stream = repository.read_target(&TargetName::new(path)?).await?.ok_or("not found")?;
        let digest = stream.try_fold(Sha256::new(), |sha, octets| async move { Ok(sha.chain_update(octets)) });
        let hex: String = digest.await?.finalize().iter().map(|octet| format!("{octet:02x}")).collect();
        println!("{hex} {path}");
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    match read(&args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut cause: Option<&dyn Error> = Some(error.as_ref());
            while let Some(one) = cause {
                eprintln!("{one}");
                cause = one.source();
            }
            ExitCode::FAILURE
        }
    }
}
