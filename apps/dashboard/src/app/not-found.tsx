export default function NotFound() {
  return (
    <main className="px-6 pt-[16vh] max-w-xl mx-auto">
      <h1 className="text-figure font-medium">Page not found.</h1>
      <p className="mt-2 text-muted">PacketLog has the pages Live, Rules and Nodes.</p>
      <p className="mt-4">
        <a className="text-accent underline underline-offset-4" href="/">
          Go to the live view
        </a>
      </p>
    </main>
  );
}
