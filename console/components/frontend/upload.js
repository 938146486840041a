// Sends a file to ingest in parts, past Streamlit (PRODUCT 5).
//
//   const controller = new AbortController();
//   const image = await upload(file, {
//     base: "http://localhost:8502",              // ingest's origin
//     onStarted: id => {},                        // keep it: with `resumeId` an upload goes on after a reload
//     onProgress: (sent, total) => {},            // bytes
//     onPreparing: () => {},                      // all is sent; a video or document is being looked into
//     signal: controller.signal,
//     resumeId: null,
//   });                                           // {mediaId, kind, file_name, width, height, size, address, renditions, ...}
//
// Trouble of the network is waited out for about a minute. What can't be done rejects with an Error whose message is
// for people, in the server's words; an abort rejects with the signal's reason.

const UPLOAD = {
  chunk: 512 * 1024,
  pausesMs: [500, 1000, 2000, 4000, 8000, 15000, 30000],
  answerWithinMs: 60000,
  lookAgainMs: 1500,
  wait: new Set([502, 503, 504]),
  lost: "Masthead can't be reached. Check your connection, then try again: what was sent is kept.",
  wrong: "The file could not be sent. Try again; if it stays, tell your operator.",
};

async function upload(file, { base, onStarted, onProgress, onPreparing, signal, resumeId } = {}) {
  let sent = resumeId ? await resumed(resumeId) : null;
  if (!sent) {
    sent = await call("POST", "/api/uploads", json({ action_id: newId(), file_name: file.name, size: file.size }));
    onStarted?.(sent.id);
  }
  const path = `/api/uploads/${sent.id}`;
  for (;;) {
    while (sent.received < file.size) {
      onProgress?.(sent.received, file.size);
      sent = { ...sent, ...(await call("PATCH", path, part(sent.received))) };
    }
    onProgress?.(file.size, file.size);
    const made = await call("POST", `${path}/finish`, json({}));
    if (made.received === undefined) return { mediaId: made.id, ...made };
    sent = { ...sent, ...made };
    if (!made.preparing) continue;
    onPreparing?.();
    await pause(UPLOAD.lookAgainMs);
  }

  // The upload that was begun before, if it is still one of this file; null when it has to be begun anew.
  async function resumed(id) {
    const known = await call("GET", `/api/uploads/${id}`).catch(error => {
      if (error.status === 404) return null;
      throw error;
    });
    return known && known.size === file.size && !known.failed_because ? known : null;
  }

  function part(offset) {
    const body = file.slice(offset, Math.min(offset + UPLOAD.chunk, file.size));
    return { body, headers: { "Content-Type": "application/octet-stream", "Upload-Offset": String(offset) } };
  }

  function json(value) {
    return { body: JSON.stringify(value), headers: { "Content-Type": "application/json" } };
  }

  // One call, until it is answered; every one of them may be repeated. 409 with `received` is an answer: go on there.
  async function call(method, path, { body, headers } = {}) {
    for (let tries = 0; ; tries += 1) {
      signal?.throwIfAborted();
      const answer = await once(method, path, body, headers);
      const told = answer && (await answer.json().catch(() => ({})));
      if (answer?.ok || (answer?.status === 409 && told.received !== undefined)) return told;
      if (answer && !UPLOAD.wait.has(answer.status)) throw refusal(told.message || UPLOAD.wrong, answer.status);
      if (tries === UPLOAD.pausesMs.length) throw refusal(told?.message || UPLOAD.lost, answer?.status);
      await pause(UPLOAD.pausesMs[tries]);
    }
  }

  async function once(method, path, body, headers) {
    const late = AbortSignal.timeout(UPLOAD.answerWithinMs);
    try {
      return await fetch(base + path, {
        method,
        body,
        headers: { Accept: "application/json", "X-Masthead-Call": "console", ...headers },
        credentials: "include",
        redirect: "error",
        signal: signal ? AbortSignal.any([signal, late]) : late,
      });
    } catch {
      signal?.throwIfAborted();
      return null;
    }
  }

  function refusal(words, status) {
    return Object.assign(new Error(words), { status });
  }

  function pause(ms) {
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        reject(signal.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", stop);
        resolve();
      }, ms);
      signal?.addEventListener("abort", stop, { once: true });
    });
  }

  // A random UUID; crypto.randomUUID is missing where a page is neither https nor localhost.
  function newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, byte => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }
}
