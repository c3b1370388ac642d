//! What every store must do: the contract of `store/mod.rs`, held against each implementation.

use futures::TryStreamExt;
use object_store::{
    Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, WriteMultipart, path::Path,
};
use phalanx_lake::LakeStore;

pub async fn suite(store: &LakeStore) {
    store.check_conditional_puts().await.expect("a name can be taken once");
    first_wins(store).await;
    whole_objects(store).await;
    listings(store).await;
    uploads(store).await;
    deletions(store).await;
}

async fn create(store: &dyn ObjectStore, path: &str, content: String) -> Result<(), Error> {
    let options = PutOptions::from(PutMode::Create);
    store.put_opts(&Path::from(path), PutPayload::from(content.into_bytes()), options).await.map(drop)
}

async fn read(store: &LakeStore, path: &str) -> Option<Vec<u8>> {
    match store.objects().get(&Path::from(path)).await {
        Ok(found) => Some(found.bytes().await.expect("it can be read").to_vec()),
        Err(Error::NotFound { .. }) => None,
        Err(error) => panic!("`{path}`: {error}"),
    }
}

async fn first_wins(store: &LakeStore) {
    for round in 0..20 {
        let path = format!("wins/deep/er/{round:020}.json");
        let tries = (0..8).map(|writer| {
            let (objects, path) = (store.objects().clone(), path.clone());
            tokio::spawn(async move { create(&*objects, &path, format!("{writer}")).await.map(|()| writer) })
        });
        let mut winners = Vec::new();
        for outcome in futures::future::join_all(tries).await {
            match outcome.expect("no panic") {
                Ok(writer) => winners.push(writer),
                Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(winners.len(), 1, "exactly one makes `{path}`");
        assert_eq!(read(store, &path).await, Some(winners[0].to_string().into_bytes()));
    }
}

async fn whole_objects(store: &LakeStore) {
    let path = Path::from("whole/object");
    assert_eq!(read(store, "whole/object").await, None);
    for content in ["first", "", "a second one that is longer"] {
        store.objects().put(&path, PutPayload::from_static(content.as_bytes())).await.expect("put");
        assert_eq!(read(store, "whole/object").await, Some(content.as_bytes().to_vec()));
    }
    let part = store.objects().get_range(&path, 2..8).await.expect("a range");
    assert_eq!(&part[..], b"second");
}

async fn listings(store: &LakeStore) {
    for name in ["b", "a", "c/d", "a.b", "c/a"] {
        create(&**store.objects(), &format!("list/{name}"), String::new()).await.expect("a new name");
    }
    let folder = Path::from("list");
    let all: Vec<_> = store.objects().list(Some(&folder)).try_collect().await.expect("a listing");
    let names: Vec<_> = all.iter().map(|object| object.location.to_string()).collect();
    assert_eq!(names, ["list/a", "list/a.b", "list/b", "list/c/a", "list/c/d"], "in the order of names");
    let later = store.objects().list_with_offset(Some(&folder), &Path::from("list/b"));
    let later: Vec<_> = later.try_collect().await.expect("a listing");
    let names: Vec<_> = later.iter().map(|object| object.location.to_string()).collect();
    assert_eq!(names, ["list/c/a", "list/c/d"]);
    let direct = store.objects().list_with_delimiter(Some(&folder)).await.expect("a listing");
    let names: Vec<_> = direct.objects.iter().map(|object| object.location.to_string()).collect();
    assert_eq!(names, ["list/a", "list/a.b", "list/b"]);
    assert_eq!(direct.common_prefixes, [Path::from("list/c")]);
    let nothing: Vec<_> =
        store.objects().list(Some(&Path::from("no/such"))).try_collect().await.expect("an empty listing");
    assert!(nothing.is_empty());
}

async fn uploads(store: &LakeStore) {
    let path = Path::from("upload/large");
    let content: Vec<u8> = (0..13_000_000_u32).map(|at| (at % 251) as u8).collect();
    let upload = store.objects().put_multipart(&path).await.expect("it begins");
    let mut parts = WriteMultipart::new_with_chunk_size(upload, 6 << 20);
    for piece in content.chunks(1_000_000) {
        parts.wait_for_capacity(2).await.expect("no part failed");
        parts.write(piece);
    }
    assert_eq!(read(store, "upload/large").await, None, "it is not there before it is whole");
    parts.finish().await.expect("it ends");
    assert!(read(store, "upload/large").await.is_some_and(|found| found == content));

    let mut given_up = store.objects().put_multipart(&Path::from("upload/never")).await.expect("it begins");
    given_up.put_part(PutPayload::from_static(b"half")).await.expect("a part");
    given_up.abort().await.expect("it ends");
    assert_eq!(read(store, "upload/never").await, None);
}

async fn deletions(store: &LakeStore) {
    create(&**store.objects(), "delete/me", "x".into()).await.expect("a new name");
    store.objects().delete(&Path::from("delete/me")).await.expect("it is there");
    assert_eq!(read(store, "delete/me").await, None);
    create(&**store.objects(), "delete/me", "y".into()).await.expect("the name is free again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_passes_the_suite() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = LakeStore::on_disk(folder.path().join("lake")).expect("it opens");
    suite(&store).await;
    let left = std::fs::read_dir(folder.path().join("lake/.drafts")).expect("the folder of drafts").count();
    assert_eq!(left, 0, "no draft stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn drafts_of_a_dead_process_are_cleared_away() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let drafts = folder.path().join(".drafts");
    std::fs::create_dir(&drafts).expect("writable");
    std::fs::write(drafts.join("half"), b"half a file").expect("writable");
    let store = LakeStore::on_disk(folder.path().to_owned()).expect("it opens");
    assert_eq!(std::fs::read_dir(&drafts).expect("it is there").count(), 0);
    drop(store);
}
