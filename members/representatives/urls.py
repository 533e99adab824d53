from django.urls import path

from . import views

urlpatterns = [
    path("", views.start, name="under_14"),
    path("asked/", views.asked, name="representative_asked"),
    path("paper/", views.paper, name="representative_paper"),
    path("agree/<slug:token>/", views.decide, name="representative_decide"),
    path("join/<slug:token>/", views.Join.as_view(), {"kind": "individual"}, name="representative_join"),
]
