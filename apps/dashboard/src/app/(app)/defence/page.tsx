import type { Metadata } from 'next';
import { DefencePage } from '../../../features/defence/defence-page.tsx';

export const metadata: Metadata = { title: 'Defence – PacketLog' };

export default function Page() {
  return <DefencePage />;
}
