"""Addresses of paperwork. /sign/ and /verify/ are open to people without an account."""

from django.urls import path

from anchang.paperwork.views import archive, public, templates

urlpatterns = [
    path("templates/", templates.home, name="word-templates"),
    path("papers/word/<str:kind>/<int:record_id>.docx", templates.paper, name="word-paper"),
    path("archive/", archive.home, name="contract-archive"),
    path("archive/<int:record_id>/", archive.signing, name="signing"),
    path("archive/<int:record_id>.pdf", archive.copy, name="archive-copy"),
    path("archive/signers/<int:record_id>/link", archive.link, name="signing-link"),
    path("sign/<str:text>/", public.sign_page, name="sign"),
    path("sign/<str:text>/paper.pdf", public.sign_paper, name="sign-paper"),
    path("sign/<str:text>/code", public.sign_code, name="sign-code"),
    path("sign/<str:text>/confirm", public.sign_confirm, name="sign-confirm"),
    path("verify/<str:code>/", public.verify, name="verify"),
]
