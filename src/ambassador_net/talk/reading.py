"""The talk to be read: one plain HTML file with the slides' words and figures and the speaker's notes under each."""

from traitlets import default

from ambassador_net.talk.exporter import AmbassadorSlidesExporter


class AmbassadorReadingExporter(AmbassadorSlidesExporter):
    """Export a notebook to a page that is read: ``jupyter nbconvert --to ambassador_reading talk.ipynb``.

    For those who cannot use slides, on a phone and on paper. It has no script at all.
    """

    export_from_notebook = "Ambassador reading version"
    script_names = ()
    style_names = ()
    sheet = "ambassador_reading/reading.css"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".reading.html"

    @default("template_name")
    def _template_name_default(self) -> str:
        return "ambassador_reading"
