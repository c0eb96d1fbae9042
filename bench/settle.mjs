/**
 * Waits until this process is idle. V8 goes on optimising onnxruntime's 27 MB of WebAssembly for half a minute after
 * it starts, on a thread of its own; measured meanwhile, everybody's figures would carry it.
 */
export async function settle({ windowMs = 250, idleShare = 0.1, timeoutMs = 180_000 } = {}) {
  const start = performance.now();
  let idleWindows = 0;
  while (idleWindows < 2 && performance.now() - start < timeoutMs) {
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, windowMs));
    const { user, system } = process.cpuUsage(before);
    idleWindows = (user + system) / 1000 < windowMs * idleShare ? idleWindows + 1 : 0;
  }
}
