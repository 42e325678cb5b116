import { LivePage } from '../../components/live-page.tsx';

export default function Page() {
  return <LivePage />;
}
