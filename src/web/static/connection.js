// A server's events: a snapshot a second, for as long as somebody looks at the page, and a new attempt after each end.

const first_wait_ms = 1_000;
const longest_wait_ms = 8_000;
/** A server says something each second; one that is silent for so long is away, even if the connection is not. */
const silence_ms = 10_000;

/**
 * Listens to `path`: calls `on_snapshot(snapshot)`, and `on_change(is_connected)` when the connection comes or goes. It is given up while
 * nobody sees the page, so that forgotten pages do not take the place of those that are read.
 */
export function connect(path, on_snapshot, on_change) {
    let source, retry, watchdog;
    let wait_ms = first_wait_ms;
    let connected;

    function tell(now_connected) {
        if (connected !== now_connected) on_change(connected = now_connected);
    }
    function close() {
        clearTimeout(retry);
        clearTimeout(watchdog);
        source?.close();
    }
    function fail() {
        close();
        tell(false);
        retry = setTimeout(open, wait_ms);
        wait_ms = Math.min(longest_wait_ms, 2 * wait_ms);
    }
    function heard() {
        clearTimeout(watchdog);
        watchdog = setTimeout(fail, silence_ms);
        wait_ms = first_wait_ms;
        tell(true);
    }
    function open() {
        close();
        source = new EventSource(path);
        source.addEventListener('snapshot', (event) => {
            heard();
            on_snapshot(JSON.parse(event.data));
        });
        source.addEventListener('trouble', heard);
        source.onerror = fail;
    }

    document.addEventListener('visibilitychange', () => (document.hidden ? close() : open()));
    open();
}

/** The answer of the master, as JSON; throws an Error with its sentence if it refuses. */
export async function ask(path, options = {}) {
    const answer = await fetch(`/api/v1/node/${path}`, { cache: 'no-store', ...options });
    const body = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(body.error), { status: answer.status });
    return body;
}
