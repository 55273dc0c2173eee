/**
 * Kills this process when it comes to the named point, the way a power cut does: nothing is flushed, nothing is said.
 * Only tests name one; without a name it does nothing.
 */
export function failpointAt(wanted: string | null): (name: string) => void {
  if (wanted === null) return () => undefined;
  return (name) => {
    if (name === wanted) process.kill(process.pid, 'SIGKILL');
  };
}
