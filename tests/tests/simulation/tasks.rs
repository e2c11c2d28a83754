//! Everything that is under way: futures, of which a seed decides who goes next.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use parlance_testkit::memory::environment::SeededRandom;

/// The tasks of a simulation, whose ends are of type `T`.
pub struct Tasks<T> {
    places: Vec<Option<Task<T>>>,
    free: Vec<usize>,
    ready: Arc<Mutex<Vec<usize>>>,
}

struct Task<T> {
    future: Pin<Box<dyn Future<Output = T> + Send>>,
    flag: Arc<Flag>,
}

/// What became of a turn.
pub enum Turn<T> {
    /// Somebody came to his end.
    Ended(T),
    /// Somebody went on.
    WentOn,
    /// Nobody can go on before time does.
    Nobody,
}

/// Whether a task wants its turn.
struct Flag {
    place: usize,
    is_ready: AtomicBool,
    ready: Arc<Mutex<Vec<usize>>>,
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_ready.swap(true, Ordering::Relaxed) {
            self.ready.lock().unwrap().push(self.place);
        }
    }
}

impl<T> Default for Tasks<T> {
    fn default() -> Self {
        Self { places: Vec::new(), free: Vec::new(), ready: Arc::default() }
    }
}

impl<T> Tasks<T> {
    /// Begins something.
    pub fn start(&mut self, future: impl Future<Output = T> + Send + 'static) {
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push(None);
            self.places.len() - 1
        });
        let flag = Arc::new(Flag { place, is_ready: AtomicBool::new(false), ready: Arc::clone(&self.ready) });
        flag.wake_by_ref();
        self.places[place] = Some(Task { future: Box::pin(future), flag });
    }

    /// How many are under way.
    pub fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// Gives one of those that can go on its turn.
    pub fn turn(&mut self, random: &SeededRandom) -> Turn<T> {
        let place = {
            let mut ready = self.ready.lock().unwrap();
            if ready.is_empty() {
                return Turn::Nobody;
            }
            let chosen = random.index(ready.len());
            ready.swap_remove(chosen)
        };
        let Some(task) = &mut self.places[place] else { return Turn::WentOn };
        task.flag.is_ready.store(false, Ordering::Relaxed);
        let waker = Waker::from(Arc::clone(&task.flag));
        match task.future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Pending => Turn::WentOn,
            Poll::Ready(end) => {
                self.places[place] = None;
                self.free.push(place);
                // A waker of the one that ended may still come; it would only give the next one in this place a turn for nothing.
                self.ready.lock().unwrap().retain(|ready| *ready != place);
                Turn::Ended(end)
            }
        }
    }
}

/// Carries a future out, unless its process dies at a point that `turns` names. `None` if it did.
pub async fn mortal<F: Future>(turns: Option<usize>, future: F) -> Option<F::Output> {
    let Some(turns) = turns else { return Some(future.await) };
    let mut left = turns;
    let mut future = Box::pin(future);
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}
