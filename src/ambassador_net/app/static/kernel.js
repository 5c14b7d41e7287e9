// On the page with a kernel: says when the kernel has ended, which Voilà's own page keeps to itself. Stands before
// Voilà's scripts, which take the WebSocket that they find.
{
  const CHECK_AGAIN_MS = 1500;
  const CHECKS = 4;
  let isLeaving = false;
  addEventListener("pagehide", () => (isLeaving = true));
  addEventListener("pageshow", () => (isLeaving = false));

  const tell = () => {
    const notice = document.getElementById("ended");
    if (!notice?.hidden) return;
    notice.hidden = false;
    notice.focus();
  };

  // A closed socket may be that of a phone that slept: the server knows whether the kernel is there.
  const check = async (kernel, left) => {
    if (isLeaving) return;
    let answer = null;
    try {
      answer = await fetch(kernel, { cache: "no-store" });
    } catch {
      // no server is no kernel either, unless it comes back soon
    }
    if (answer?.ok) return;
    if (answer?.status === 404 || !left) tell();
    else setTimeout(check, CHECK_AGAIN_MS, kernel, left - 1);
  };

  globalThis.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      const kernel = /^wss?:\/\/[^/]+(\/.*\/api\/kernels\/[^/]+)\/channels/.exec(this.url)?.[1];
      if (kernel) this.addEventListener("close", () => check(kernel, CHECKS));
    }
  };
}
