import { type RefObject, useLayoutEffect, useState } from 'react';

/** Returns the height of an element that may come and go, px; null until known. Renders again when it changes. */
export function useHeight(element: RefObject<HTMLElement | null>, isThere: boolean): number | null {
  const [height, setHeight] = useState<number | null>(null);
  useLayoutEffect(() => {
    const measured = isThere ? element.current : null;
    if (measured === null) return;
    const measure = () => setHeight(measured.clientHeight);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(measured);
    return () => observer.disconnect();
  }, [element, isThere]);
  return height;
}
